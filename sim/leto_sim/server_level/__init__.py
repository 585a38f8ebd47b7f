"""Simulations of `leto.server.Server`: bytes in, bytes out; the network is streams.

Reading order:

    what a run is     `scenario`, `faults`, `plans`
    the machines      `cluster`, `process`; `newer` speaks the next minor version
    their world       `streams`, `pipes`, `paths`, `files`, `disk`, `platter`, `records`;
                      `watched_streams` and `passages` in a traced run
    who uses them     `resp_client`, `farewells`, `errands`, `random_errands`,
                      `exactly_once`, `history`, `chapters`;
                      `lone_client`, `lone_words`, `redis_model`, `reply_shapes` for who
                      knows each answer beforehand;
                      `own_machine`, `program_clients` for a user's machine
    who troubles them `nemesis`, `damage`, `operator`, `recovery`
    who looks         `watch`, `overheard`, `lookout`, `promises`, `program_order`, `sights`,
                      `session_log`, `fold`, `leading`, `punctuality`, `stopping`, `audit`,
                      `bounds`
    its course        `run`, `core`, `machine_run`; `level`, `view` and `by_hand` for those outside,
                      `canonical` and `diary` for the digest, `descriptions` for a trace
"""
