-- What a migration set for its session (an encoding, a role, timeouts) must not reach the next one.
do $do$
begin
    reset session authorization;
    reset role;
    reset all;
    perform set_config('standard_conforming_strings', 'on', false);
end
$do$;
