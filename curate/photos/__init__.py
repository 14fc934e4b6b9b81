"""The only room that reads photo files: headers, decoding, which files are lost."""
