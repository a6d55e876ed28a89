//! Signed assertions as credentials: workload identity token files and providers registered by name.
