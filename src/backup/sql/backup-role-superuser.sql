alter role %1$I superuser
