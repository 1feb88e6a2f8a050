"""The pages of templates: written, previewed, compared, published, tried out."""
