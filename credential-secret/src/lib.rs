//! Client secrets as credentials: inline, from an environment variable, or from a file that may be rotated.
