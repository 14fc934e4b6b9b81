"""Turn a classifieds site into an image-classification dataset one can trust.

Start with `curate/ARCHITECTURE.md`, then `curate/schemas.py`.
"""

__version__ = "0.1.0"
