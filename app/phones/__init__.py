"""Voters without people: the phone's side of protocol `mingce/1`, for simulations and tests."""
