set local session authorization default;
