package hotel.engine.access;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What the database has said about users and rights, for some seconds.
 *
 * <p>All of it is forgotten at once: when its time is over, when there is too much of it, and when this engine itself has
 * changed a user, a group or a right. What was read before such a moment and comes in after it is forgotten as well.
 */
public final class AccessMemory {

    private static final int MOST = 10_000;

    private final long nanos;
    private volatile Page page = new Page();

    /** What was learnt since the same moment. */
    public static final class Page {

        private final long begun = System.nanoTime();
        private final Map<Object, Object> learnt = new ConcurrentHashMap<>();

        private Page() {}

        /** Returns what is known under a key, null if nothing is. */
        public Object get(Object key) {
            return learnt.get(key);
        }

        public void put(Object key, Object value) {
            learnt.put(key, value);
        }
    }

    /**
     * @param bound how long anything is remembered; zero stands for not at all
     */
    public AccessMemory(Duration bound) {
        this.nanos = bound.toNanos();
    }

    /** Whether anything is remembered. */
    public boolean isOn() {
        return nanos > 0;
    }

    /** Returns what is known now; a reader of the database asks for it before. */
    public Page page() {
        var current = page;
        if (System.nanoTime() - current.begun < nanos && current.learnt.size() < MOST) {
            return current;
        }
        var fresh = new Page();
        if (nanos > 0) {
            page = fresh;
        }
        return fresh;
    }

    /** Returns what is known under a key, or else asks, and remembers the answer. */
    @SuppressWarnings("unchecked")
    public <T> T recall(Object key, Supplier<T> ask) {
        var now = page();
        var known = now.get(key);
        if (known == null) {
            known = ask.get();
            now.put(key, known);
        }
        return (T) known;
    }

    public void forget() {
        page = new Page();
    }
}
