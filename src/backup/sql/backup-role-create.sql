-- In a scratch server: that it is there is all that is asked of a role.
create role %1$I
