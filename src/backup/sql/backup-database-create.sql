-- In a scratch server.
create database %1$I template template0 encoding %2$L lc_collate %3$L lc_ctype %4$L
