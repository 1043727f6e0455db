"""`sam local` against the local stack: its containers reach what listens on 127.0.0.1 here."""
