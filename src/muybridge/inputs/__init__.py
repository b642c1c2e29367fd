"""What a person gives, read: clips, silhouettes, landmarks, folders."""
