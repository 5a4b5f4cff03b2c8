//! Compiles `src/heap.c`, which nothing calls by name: it is linked whole.

fn main() {
    println!("cargo:rerun-if-changed=src/heap.c");
    cc::Build::new()
        .file("src/heap.c")
        .link_lib_modifier("+whole-archive")
        .compile("newswire_heap");
}
