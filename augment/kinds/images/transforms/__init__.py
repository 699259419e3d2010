"""Classical augmentation by albumentations; boxes, masks and keypoints move along."""
