"""What the methods of dedup do not look for, in words: no sentence about duplicates may claim more."""

NOT_LOOKED_FOR = {
    "hash": "crops by a tenth or more, frames, turns by a few degrees, screenshots, collages",
    "thorough": "screenshots, collages, crops to less than half of the area, turns by 5 degrees or more, sepia",
}
STAYS = "photos turned by a quarter, upside down or flipped top to bottom"  # similar to dedup, and no duplicates
