"""The data plane: keeps traffic in line with the policy, inside or before a service."""
