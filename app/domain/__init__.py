"""The rules, pure: no Flask, no SQL, no clock, no randomness, no files.

In the order of a meeting: scheme, meeting, slip, credential, ballot, urn, tally, box, grading.
A stage knows only earlier ones; ballot, tally and grading never know of slips.
"""
