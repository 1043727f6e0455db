"""Pictures of the documentation: SVG from texts beside them, and from numbers."""
