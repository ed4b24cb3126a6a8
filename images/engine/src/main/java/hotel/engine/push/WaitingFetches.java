package hotel.engine.push;

import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.CompletionCallback;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.rest.dto.externaltask.FetchExternalTasksDto.FetchExternalTaskTopicDto;
import org.operaton.bpm.engine.rest.dto.externaltask.FetchExternalTasksExtendedDto;
import org.operaton.bpm.engine.rest.impl.FetchAndLockHandlerImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the topics that workers wait for: those of the fetches that found no task and that this engine holds until there
 * is one. The REST API makes it by the list of services, so what it knows is the class's.
 */
public class WaitingFetches extends FetchAndLockHandlerImpl {

    private static final Logger LOG = LoggerFactory.getLogger(WaitingFetches.class);
    private static final Map<String, Set<Held>> HELD = new ConcurrentHashMap<>();

    /** What the fetches that wait say of a topic's tasks of one moment. */
    enum Says {
        /** No fetch waits for them: one may be left. */
        NOTHING,
        /** Those that wait began before that moment; the engine may not have looked for them since. */
        NOT_YET,
        /** One began after that moment, and found none. */
        NONE_LEFT
    }

    /** What is known of a topic's tasks that were there at a moment of {@link System#nanoTime()}. */
    static Says of(String topic, long moment) {
        var held = HELD.getOrDefault(topic, Set.of());
        if (held.isEmpty()) {
            return Says.NOTHING;
        }
        return held.stream().anyMatch(fetch -> fetch.asked - moment > 0) ? Says.NONE_LEFT : Says.NOT_YET;
    }

    @Override
    public void addPendingRequest(FetchExternalTasksExtendedDto fetch, AsyncResponse response, ProcessEngine engine) {
        var topics = fetch.getTopics();
        var held = new Held(topics == null ? List.of() : topics.stream()
                .filter(WaitingFetches::takesAny)
                .map(FetchExternalTaskTopicDto::getTopicName)
                .toList());
        response.register((CompletionCallback) error -> held.end());
        super.addPendingRequest(fetch, response, engine);
        // It may have been answered at once.
        held.begin();
    }

    /** One that takes some tasks of a topic only says nothing of the others. */
    private static boolean takesAny(FetchExternalTaskTopicDto topic) {
        return topic.getTopicName() != null
                && topic.getBusinessKey() == null
                && topic.getProcessDefinitionId() == null
                && topic.getProcessDefinitionIdIn() == null
                && topic.getProcessDefinitionKey() == null
                && topic.getProcessDefinitionKeyIn() == null
                && topic.getProcessDefinitionVersionTag() == null
                && topic.getProcessVariables() == null
                && topic.getTenantIdIn() == null
                && !topic.isWithoutTenantId();
    }

    private static class Held {

        private final List<String> topics;
        private final long asked = System.nanoTime();
        private boolean begun;
        private boolean ended;

        Held(List<String> topics) {
            this.topics = topics;
        }

        synchronized void begin() {
            if (!ended) {
                begun = true;
                topics.forEach(topic -> HELD.compute(topic, (name, held) -> with(held)));
                LOG.debug("A fetch waits for any task of {}", topics);
            }
        }

        synchronized void end() {
            if (begun && !ended) {
                topics.forEach(topic -> HELD.computeIfPresent(topic, (name, held) -> without(held)));
            }
            ended = true;
        }

        private Set<Held> with(Set<Held> held) {
            var all = held == null ? ConcurrentHashMap.<Held>newKeySet() : held;
            all.add(this);
            return all;
        }

        private Set<Held> without(Set<Held> held) {
            held.remove(this);
            return held.isEmpty() ? null : held;
        }
    }
}
