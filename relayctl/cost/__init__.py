"""`cost`: what a stack spent, from what was counted and list prices."""
