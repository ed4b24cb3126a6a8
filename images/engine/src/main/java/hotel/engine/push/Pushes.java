package hotel.engine.push;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an autoscaler which topics have new tasks that no worker waits for: one call for all of them, at most one every
 * 100 ms. Nobody waits for it. A call that fails is not repeated, for the autoscaler looks by itself as well.
 */
class Pushes implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Pushes.class);
    private static final int MOST_TOPICS = 1000;
    private static final int MOST_AT_ONCE = 50;
    private static final int LONGEST_TOPIC = 255;
    private static final long PAUSE_MILLIS = 100;
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    /** So long an engine may need to serve the fetches that wait. */
    private static final Duration SERVED = Duration.ofSeconds(3);

    private final URI address;
    private final Path token;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    /** The topics with new tasks, and the moment of the last one. */
    private final Map<String, Long> waiting = new LinkedHashMap<>();
    private final Thread sender = new Thread(this::send, "pushes");
    private boolean failing;

    Pushes(URI address, Path token) {
        this.address = address;
        this.token = token;
        sender.setDaemon(true);
        sender.start();
    }

    /** Notes that a topic has a new task. Where too many topics wait, it is left out. */
    void note(String topic) {
        if (topic == null || topic.isEmpty() || topic.length() > LONGEST_TOPIC) {
            return;
        }
        synchronized (waiting) {
            if (waiting.size() < MOST_TOPICS || waiting.containsKey(topic)) {
                waiting.put(topic, System.nanoTime());
                waiting.notifyAll();
            }
        }
    }

    @Override
    public void close() {
        sender.interrupt();
    }

    private void send() {
        try {
            while (true) {
                waitForOne();
                // Time enough, mostly, for the fetches that wait to take the new tasks.
                Thread.sleep(PAUSE_MILLIS);
                var topics = left(next());
                if (!topics.isEmpty()) {
                    push(topics);
                }
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private void waitForOne() throws InterruptedException {
        synchronized (waiting) {
            while (waiting.isEmpty()) {
                waiting.wait();
            }
        }
    }

    private Map<String, Long> next() {
        synchronized (waiting) {
            var topics = new LinkedHashMap<String, Long>();
            waiting.entrySet().stream().limit(MOST_AT_ONCE).forEach(each -> topics.put(each.getKey(), each.getValue()));
            waiting.keySet().removeAll(topics.keySet());
            return topics;
        }
    }

    /** The topics whose tasks nobody waits for. One whose waiting fetches have not been served yet is looked at again. */
    private List<String> left(Map<String, Long> topics) {
        var left = new ArrayList<String>();
        topics.forEach((topic, moment) -> {
            switch (WaitingFetches.of(topic, moment)) {
                case NOTHING -> left.add(topic);
                case NOT_YET -> lookAgain(topic, moment);
                case NONE_LEFT -> { }
            }
        });
        return left;
    }

    /** A fetch that waits all that time has been served in between, and another one had the task. */
    private void lookAgain(String topic, long moment) {
        if (System.nanoTime() - moment < SERVED.toNanos()) {
            synchronized (waiting) {
                waiting.putIfAbsent(topic, moment);
            }
        }
    }

    private void push(List<String> topics) throws InterruptedException {
        try {
            var names = topics.stream().map(Pushes::quoted).collect(Collectors.joining(","));
            var request = HttpRequest.newBuilder(address)
                    .timeout(TIMEOUT)
                    .header("Authorization", "Bearer " + Files.readString(token).strip())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"topics\":[" + names + "]}"))
                    .build();
            var status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            say(status / 100 == 2, "it answered " + status);
        } catch (IOException | IllegalArgumentException error) {
            // Without the message: it might show the token.
            say(false, error.getClass().getSimpleName());
        }
    }

    /** One line when pushes begin to fail, and one when they arrive again. */
    private void say(boolean arrived, String why) {
        if (!arrived && !failing) {
            LOG.warn("Pushes to {} fail: {}. The autoscaler looks at its own interval.", address, why);
        } else if (arrived && failing) {
            LOG.info("Pushes to {} arrive again.", address);
        }
        failing = !arrived;
    }

    private static String quoted(String topic) {
        var text = new StringBuilder("\"");
        for (var character : topic.toCharArray()) {
            if (character == '"' || character == '\\') {
                text.append('\\').append(character);
            } else if (character < ' ' || Character.isSurrogate(character)) {
                text.append(String.format("\\u%04x", (int) character));
            } else {
                text.append(character);
            }
        }
        return text.append('"').toString();
    }
}
