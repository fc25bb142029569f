"""The one place where the parts are joined: stores into ports, ports into the engine."""
