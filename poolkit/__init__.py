"""poolkit: the helper package of a course on pooling in convolutional networks.

Importing it loads nothing else. Take the module that you need: ``from poolkit import draw``.
"""
