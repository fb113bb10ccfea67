//! A linear support vector machine, trained in its dual form by coordinate descent (Hsieh et al., "A dual coordinate descent
//! method for large-scale linear SVM", 2008; the loss is squared).
//!
//! There are few examples and many features, so all it asks of the examples is how alike each two are. Both kinds have the
//! same say, however many there are of each. It visits the examples in their order: the same examples, the same weights.

/// By how much errors count against a wide margin.
const COST: f64 = 1.0;
/// A round that moves no weight by more than this is the last.
const PRECISION: f64 = 1e-4;
const MOST_ROUNDS: usize = 200;

/// The likeness of every two examples: the cosine, from 0 to 1.
pub(super) struct Likeness {
    number: usize,
    cells: Vec<f64>,
}

impl Likeness {
    pub fn new(number: usize) -> Self {
        Self { number, cells: vec![0.0; number * number] }
    }

    pub fn put(&mut self, one: usize, other: usize, likeness: f64) {
        self.cells[one * self.number + other] = likeness;
        self.cells[other * self.number + one] = likeness;
    }

    pub fn row(&self, one: usize) -> &[f64] {
        &self.cells[one * self.number..(one + 1) * self.number]
    }
}

/// The weight of each example in the sum that is the model: positive for likes, negative for unlikes, 0 for those that are
/// told apart without being needed, and for those in `held_out`.
///
/// `start` are weights to begin with, of a machine that has seen nearly the same examples.
pub(super) fn train(likeness: &Likeness, likes: &[bool], held_out: &[usize], start: Option<&[f64]>) -> Vec<f64> {
    let mut present: Vec<bool> = vec![true; likes.len()];
    for &example in held_out {
        present[example] = false;
    }
    let learnt: Vec<usize> = (0..likes.len()).filter(|&example| present[example]).collect();
    let liked = learnt.iter().filter(|&&example| likes[example]).count().max(1) as f64;
    let unliked = (learnt.len() as f64 - liked).max(1.0);
    let mut weights = start.map_or_else(|| vec![0.0; likes.len()], <[f64]>::to_vec);
    for &example in held_out {
        weights[example] = 0.0;
    }
    // What the machine says of each example; the constant 1 beside every likeness is its bias.
    let mut says = vec![0.0; likes.len()];
    for &example in &learnt {
        add(&mut says, weights[example], likeness.row(example));
    }
    for _ in 0..MOST_ROUNDS {
        let mut moved = 0.0_f64;
        for &example in &learnt {
            let side = if likes[example] { 1.0 } else { -1.0 };
            let cost = COST * learnt.len() as f64 / (2.0 * if likes[example] { liked } else { unliked });
            let slack = 0.5 / cost;
            let row = likeness.row(example);
            let weight = weights[example] * side;
            let slope = side * says[example] - 1.0 + slack * weight;
            let next = (weight - slope / (row[example] + 1.0 + slack)).max(0.0);
            let step = next - weight;
            if step != 0.0 {
                moved = moved.max(step.abs());
                weights[example] = next * side;
                add(&mut says, step * side, row);
            }
        }
        if moved < PRECISION {
            break;
        }
    }
    weights
}

fn add(says: &mut [f64], weight: f64, row: &[f64]) {
    if weight != 0.0 {
        for (said, likeness) in says.iter_mut().zip(row) {
            *said += weight * (likeness + 1.0);
        }
    }
}
