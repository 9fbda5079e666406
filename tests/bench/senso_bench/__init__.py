"""Measures senso-host beside other WebRTC implementations, in one run on one machine."""
