"""The methods, one folder each; `catalogue` says which there are."""
