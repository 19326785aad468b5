use std::thread;

/// Runs `work` on so many threads at once, and returns what all of them made; a panic goes on in the caller.
///
/// Which thread made what is chance: `work` gives each result its number, and the caller sorts by it.
pub fn together<T: Send>(workers: usize, work: impl Fn() -> Vec<(usize, T)> + Sync) -> Vec<T> {
    let mut made: Vec<(usize, T)> = thread::scope(|scope| {
        let crew: Vec<_> = (0..workers).map(|_| scope.spawn(&work)).collect();
        crew.into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    made.sort_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_numbers() {
        let next = AtomicUsize::new(0);
        let made = together(4, || {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= 100 {
                    return done;
                }
                done.insert(0, (number, number * number));
            }
        });
        assert_eq!(made, (0..100).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(together(0, || vec![(0, 1)]), Vec::<i32>::new());
    }
}
