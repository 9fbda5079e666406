"""Drives several WebRTC implementations, and senso-host, through one set of commands."""
