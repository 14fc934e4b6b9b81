"""The commands, by what they do: run stages, or look at what they did."""
