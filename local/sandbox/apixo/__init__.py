"""APIXO: async tasks, polled or called back."""
