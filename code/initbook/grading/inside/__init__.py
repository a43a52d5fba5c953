"""What runs beside a submission, in its sandbox. It knows no exercise, no reference, no secret.

Only this folder imports by relative names: in the sandbox it stands alone.
"""
