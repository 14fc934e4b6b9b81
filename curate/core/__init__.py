"""What every stage stands on: errors, recipe, rows, manifests, files, executors, progress."""
