"""The page where a person reviews photos: a web server on loopback over the manifests of one folder."""
