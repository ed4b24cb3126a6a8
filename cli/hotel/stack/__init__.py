"""The local stack: engine, services and worker as processes of this machine."""
