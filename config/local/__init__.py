"""`make run`: embedded servers, web, worker and beat under one supervisor; its door is `manage.py local`."""
