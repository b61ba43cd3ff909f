"""AI/ML API: one blocking call, one image."""
