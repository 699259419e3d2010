"""Image to image: pictures changed by a model, and judged before they are kept."""
