"""The review console: a Django project of one app. Rules live in `services`, HTML in `views` and `templates`."""
