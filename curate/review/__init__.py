"""What a person decides, and what to put before one."""
