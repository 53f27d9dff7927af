drop trigger orders_record_change on orders;
drop trigger users_record_change on users;
drop function record_change();
drop table audit_log;
