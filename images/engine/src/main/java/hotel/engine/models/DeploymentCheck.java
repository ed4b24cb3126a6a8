package hotel.engine.models;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.operaton.bpm.engine.ParseException;
import org.operaton.bpm.engine.Problem;
import org.operaton.bpm.engine.impl.persistence.deploy.Deployer;
import org.operaton.bpm.engine.impl.persistence.entity.DeploymentEntity;
import org.operaton.bpm.engine.impl.persistence.entity.ResourceEntity;
import org.operaton.bpm.engine.impl.util.xml.Element;
import org.operaton.bpm.engine.impl.xml.ProblemImpl;
import org.operaton.bpm.model.dmn.Dmn;
import org.operaton.bpm.model.xml.ModelException;

/** Refuses decisions and cases as they are deployed; {@link GuardedParse} does so for processes. */
class DeploymentCheck implements Deployer {

    private static final List<String> DECISIONS = List.of(".dmn", ".dmn11.xml");
    private static final List<String> CASES = List.of(".cmmn", ".cmmn10.xml", ".cmmn11.xml");

    private final ModelSettings settings;

    DeploymentCheck(ModelSettings settings) {
        this.settings = settings;
    }

    @Override
    public void deploy(DeploymentEntity deployment) {
        if (deployment.isNew()) {
            deployment.getResources().values().forEach(this::check);
        }
    }

    private void check(ResourceEntity resource) {
        var problems = new ArrayList<Problem>();
        if (isOneOf(resource, DECISIONS)) {
            checkDecisions(resource, problems);
        } else if (isOneOf(resource, CASES) && !settings.isOpen(Opening.CASES)) {
            problems.add(problem("This engine runs no cases: model a process, or set ENGINE_MODELS_ALLOW=cases", ""));
        }
        if (!problems.isEmpty()) {
            throw new ParseException(problems.stream().map(Problem::getMessage).collect(Collectors.joining("; "))
                    + " | " + resource.getName(), resource.getName(), problems, List.of());
        }
    }

    private void checkDecisions(ResourceEntity resource, List<Problem> problems) {
        try {
            var model = Dmn.readModelFromStream(new ByteArrayInputStream(resource.getBytes()));
            new DecisionCheck(settings, (fault, id) -> problems.add(problem("'" + id + "': " + fault, id)))
                    .check(model.getDocument().getRootElement());
        } catch (ModelException unreadable) {
            problems.add(problem("This is not a DMN model (" + unreadable.getMessage() + "): correct the file", ""));
        }
    }

    /** The engine's deployers ask for the ends of the names in lower case; one that differs in case is no model. */
    private static boolean isOneOf(ResourceEntity resource, List<String> suffixes) {
        var name = resource.getName().toLowerCase(Locale.ROOT);
        return suffixes.stream().anyMatch(suffix -> name.endsWith(suffix.substring(1)));
    }

    private static Problem problem(String message, String id) {
        return new ProblemImpl(message, new Element(null, "", "", null, null), id);
    }
}
