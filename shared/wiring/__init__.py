"""The composition root: the use cases, each joined with the world when first used.

A class for each subject says which parts of the world it needs; `Service` is all of them. Use cases
are imported where they are built, like the adapters: a function pays for its own alone.
"""
