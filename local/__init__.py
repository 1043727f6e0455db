"""The whole pipeline on one machine: MiniStack, the endpoint emulator, the model, and the demo.

Never deployed. It may import the relay; nothing deployed imports it.
"""
