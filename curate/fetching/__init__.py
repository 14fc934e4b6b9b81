"""What an unfinished fetch keeps: its journal, and the photos under way."""
