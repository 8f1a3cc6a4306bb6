"""How the operation is computed. No lesson opens this door: `functional` and `gradients` do."""
