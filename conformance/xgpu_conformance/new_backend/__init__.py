"""`xgpu new-backend`: a plugin project, written from templates."""
