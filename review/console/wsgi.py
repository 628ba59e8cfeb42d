"""The WSGI application: gunicorn review.console.wsgi."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "review.console.settings")
application = get_wsgi_application()
