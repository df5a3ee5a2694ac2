"""Whose a call is, from one service to the next: W3C trace context and baggage."""
