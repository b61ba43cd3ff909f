"""What the use cases need of the world. Each port has a memory and a real adapter."""
