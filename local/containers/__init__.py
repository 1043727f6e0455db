"""Stand-ins for container images: each serves /ping and /invocations like its image."""
