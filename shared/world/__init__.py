"""The world a deployment lives in: every port's real adapter, built when first used.

Adapters are imported where they are built, and ports only where types are checked: a cold start
pays only for what its function touches.
"""
