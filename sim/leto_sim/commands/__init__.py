"""The subcommands of `leto-sim`, a module for each.

Each module has two functions. `add_flags(parser)` says what its flags are.
`run(arguments)` does the work, prints what came of it, and returns the exit code:

    0    everything is as it should be
    1    a property was violated, or something that must occur did not
    2    the command line is wrong, or a file that it names

Whoever finds out only while working that the user asked for something impossible
raises `CommandLineError`. `leto_sim.command_line` puts the commands together.

The commands: `run`, `replay`, `view` and `shrink` for one seed, `campaign` for many, `mutants`
for planted bugs, `lincheck` for a history, `drift` for clocks. Shared: `arguments`, `progress`.
"""


class CommandLineError(Exception):
    """The user asked for something impossible; the message is one line, and says what."""
