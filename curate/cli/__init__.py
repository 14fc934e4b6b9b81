"""What you type: `app` and one module per group of commands."""
